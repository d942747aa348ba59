/**
 * Text to token ids and back.
 *
 * <p>In: the {@code tokenizer.json} of a folder in Hugging Face layout, prompts, and ids as they are generated. Out: ids,
 * and text in whole characters. Every fault of a file or prompt is a {@link tfx.source.TfxException} of the range TFX04xx.
 */
@NullMarked
package tfx.runtime.text;

import org.jspecify.annotations.NullMarked;
