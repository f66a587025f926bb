-- Health of a SchemaRelease. Argo CD gives its checks the base and table libraries only: there is no `string` here.
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

local ready, reconciling, stalled = condition("Ready"), condition("Reconciling"), condition("Stalled")

-- -1, or nothing at all, before the first look.
if (status.observedGeneration or -1) < metadata.generation then
  return { status = "Progressing", message = "Waiting for the operator to look at it" }
end

if stalled.status == "True" then
  -- Stopped because somebody asked for it.
  if stalled.reason == "Paused" then
    return { status = "Suspended", message = stalled.message }
  end
  return { status = "Degraded", message = stalled.reason .. ": " .. stalled.message }
end

if reconciling.status == "True" then
  return { status = "Progressing", message = reconciling.message }
end

if ready.status == "True" then
  return { status = "Healthy", message = ready.message }
end

return { status = "Progressing", message = "Waiting for the operator" }
