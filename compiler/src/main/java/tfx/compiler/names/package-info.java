/**
 * Files and their names. Enters: paths and a {@link tfx.compiler.names.Loader}; leaves: parsed {@link
 * tfx.compiler.names.Module}s with every declaration they see, and {@link tfx.compiler.names.ModelRef}, a model or variant
 * with all it is a variant of. Imports lead nowhere outside, blocks do not recur.
 */
package tfx.compiler.names;
