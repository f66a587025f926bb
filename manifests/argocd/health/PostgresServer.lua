-- Health of a PostgresServer. Argo CD gives its checks the base and table libraries only: there is no `string` here.
local metadata = obj.metadata
local status = obj.status or {}

local function condition(type)
  for _, each in ipairs(status.conditions or {}) do
    if each.type == type then
      return each
    end
  end
  return {}
end

local function told(about)
  return about.reason .. ": " .. about.message
end

local ready, reconciling, stalled = condition("Ready"), condition("Reconciling"), condition("Stalled")

if metadata.deletionTimestamp ~= nil then
  local message = "Waiting for the operator to let it go"
  if reconciling.status == "True" and reconciling.reason == "Deleting" then
    message = reconciling.message
  end
  return { status = "Progressing", message = message, deletionMessage = message }
end

-- -1, or nothing at all, before the first look.
if (status.observedGeneration or -1) < metadata.generation then
  return { status = "Progressing", message = "Waiting for the operator to look at it" }
end

if stalled.status == "True" then
  return { status = "Degraded", message = told(stalled) }
end

if reconciling.status == "True" then
  -- A server that has been Ready once is being missed; one that never was may still be starting.
  if status.identity ~= nil then
    return { status = "Degraded", message = told(reconciling) }
  end
  return { status = "Progressing", message = told(reconciling) }
end

if ready.status == "True" then
  return { status = "Healthy", message = ready.message }
end

return { status = "Progressing", message = "Waiting for the operator" }
