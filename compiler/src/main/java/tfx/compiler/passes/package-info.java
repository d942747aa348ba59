/**
 * Rewrites of the tensor IR that keep its meaning. Enters: an elaborated program, one definition per named value; leaves:
 * the values worth storing, each with everything inlined or fused into it. {@link tfx.compiler.passes.Passes} lists them.
 */
package tfx.compiler.passes;
