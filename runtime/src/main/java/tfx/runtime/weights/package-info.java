/**
 * Weight files and configurations.
 *
 * <p>In: a {@code .safetensors} file, or a folder in Hugging Face layout (one file or shards with an index,
 * {@code config.json}). Out: a {@link tfx.runtime.weights.Checkpoint} of named, memory-mapped tensors that are read as
 * they lie, and a {@link tfx.runtime.weights.ModelConfig}. Every fault of a file is a {@link tfx.source.TfxException}
 * of the range TFX03xx (weights) or TFX028x (configuration).
 */
@NullMarked
package tfx.runtime.weights;

import org.jspecify.annotations.NullMarked;
