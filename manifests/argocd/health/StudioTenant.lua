-- Health of a StudioTenant. Argo CD gives its checks the base and table libraries only: there is no `string` here.
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

-- Reason and sentence of a condition, with the step that they come from.
local function told(about)
  local steps = { "Registered", "CredentialsReady", "DatabaseReady", "SchemaReady", "SubscriptionReady", "Routed" }
  for _, type in ipairs(steps) do
    local step = condition(type)
    if step.status == "False" and step.reason == about.reason then
      return step.reason .. " (" .. type .. "): " .. step.message
    end
  end
  return about.reason .. ": " .. about.message
end

local ready, reconciling, stalled = condition("Ready"), condition("Reconciling"), condition("Stalled")
local paused = (metadata.annotations or {})["studio-platform.io/paused"] == "true"
local pausedMessage = "Paused: the annotation studio-platform.io/paused is set, so the operator leaves this tenant alone"

if metadata.deletionTimestamp ~= nil then
  local message = "Waiting for the operator to take it down"
  if paused then
    message = pausedMessage .. "; remove it to let the deletion go on"
  elseif status.phase == "Deleting" then
    message = reconciling.reason .. ": " .. reconciling.message
  end
  return { status = "Progressing", message = message, deletionMessage = message }
end

if paused then
  return { status = "Suspended", message = pausedMessage }
end

-- -1, or nothing at all, before the first look.
local observed = status.observedGeneration or -1
if observed < metadata.generation then
  local what = "its newest change"
  if observed < 0 then
    what = "it"
  end
  return { status = "Progressing", message = "Waiting for the operator to look at " .. what }
end

if stalled.status == "True" then
  return { status = "Degraded", message = told(stalled) }
end

if ready.status == "True" and ready.reason == "Suspended" then
  return { status = "Suspended", message = ready.message }
end

if reconciling.status == "True" then
  -- Degraded: it was served before and is not now, which somebody wants to know although the operator goes on trying.
  if status.phase == "Degraded" then
    return { status = "Degraded", message = told(reconciling) }
  end
  return { status = "Progressing", message = told(reconciling) }
end

if ready.status == "True" then
  return { status = "Healthy", message = ready.message }
end

return { status = "Progressing", message = "Waiting for the operator" }
