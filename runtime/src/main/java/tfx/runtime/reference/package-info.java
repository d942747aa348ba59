/**
 * The reference interpreter: the meaning of a program in float64, one unfused Truffle node for every operation. Enters: a
 * {@link tfx.ir.Program} before or after any pass, its inputs and parameters; leaves: every value asked for. Right before
 * fast: every other engine is held against it.
 */
package tfx.runtime.reference;
