-- Health of a TenantPlan. Argo CD gives its checks the base and table libraries only: there is no `string` here.
local metadata = obj.metadata
local status = obj.status or {}

-- -1, or nothing at all, before the first look.
if (status.observedGeneration or -1) < metadata.generation then
  return { status = "Progressing", message = "Waiting for the operator to look at it" }
end

for _, each in ipairs(status.conditions or {}) do
  if each.type == "Ready" and each.status == "True" then
    return { status = "Healthy", message = each.message }
  end
end

return { status = "Progressing", message = "Waiting for the operator" }
