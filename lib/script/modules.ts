/**
 * The texts that quire itself brings into a pipeline's VM.
 *
 * Must not know: how they are loaded.
 */

/** What `require` finds although it is no file of the tree. */
export const moduleNames = ['quire.ci', 'quire.runtime', 'quire.stdlib', 'fennel'] as const;

/** The macros of `(import-macros {…} :quire.ci)`. */
export const ciMacros = `
(fn defrun [names ...]
  "A run function without arguments that has these primitives as locals."
  (assert-compile (sequence? names) "defrun wants a sequence of names: (defrun [sh jobs] ...)" names)
  (let [pattern {}]
    (each [_ name (ipairs names)]
      (assert-compile (sym? name) "defrun wants names" name)
      (tset pattern (tostring name) name))
    \`(fn [] (let [,pattern (require :quire.runtime)] (do ,...)))))
{: defrun}
`;

/** `print`: a line of the job's log in a run function, a line of the run's log elsewhere. */
export const printModule = `
local line, isRunning, log, note = ...
return function(...)
  local text = line(...)
  if isRunning() then return log(text) end
  return note(text)
end
`;

/** The run function of a `quire/mirror` job. One line, so that it lies where `ci.mirror` was called. */
export const mirrorModule =
  'local jobs, wants, tag, isFunction, mirror = ... ' +
  'return function() ' +
  'local push = jobs("quire/push") ' +
  'if not wants(push.ref) then return nil end ' +
  'local name = tag; if isFunction then name = tag(push) end ' +
  'return mirror(name) end';
