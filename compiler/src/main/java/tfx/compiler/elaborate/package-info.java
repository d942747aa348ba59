/**
 * From syntax trees to programs.
 *
 * <p>Enters: a {@link tfx.compiler.names.ModelRef} and values of its formals, which {@link
 * tfx.compiler.elaborate.ConfigClause#arguments} makes from a configuration and flags and {@link
 * tfx.compiler.elaborate.Inference#infer} completes from the weights' shapes. Leaves: {@link
 * tfx.compiler.elaborate.Elaborated}, a program with its layers unrolled, and {@link
 * tfx.compiler.elaborate.WeightClause#bind} says which official tensor holds each of its parameters.
 *
 * <pre>{@code
 * Modules modules = new Modules(path -> ...);
 * ModelRef model = ModelRef.of(modules.load("stdlib/models/llama.tfx"), Optional.empty());
 * Arguments arguments = ConfigClause.arguments(model, Optional.of("llama"), config::tree, set);
 * arguments = Inference.infer(model, arguments, "huggingface", shapes);
 * Elaborated elaborated = Elaborator.elaborate(model, arguments);
 * Map<String, Binding> weights = WeightClause.bind(elaborated, "huggingface", shapes);
 * }</pre>
 */
package tfx.compiler.elaborate;
