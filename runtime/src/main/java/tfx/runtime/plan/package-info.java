/**
 * Execution of a schedule. Enters: a {@link tfx.compiler.schedule.Schedule}, a backend and the parameters' tensors; leaves:
 * {@link tfx.runtime.plan.Engine}s, whose sessions keep what later steps read and advance along the sequence.
 */
package tfx.runtime.plan;
