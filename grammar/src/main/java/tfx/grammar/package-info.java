/**
 * Source texts to syntax trees. Bytes enter ({@link tfx.grammar.Syntax#read}), a {@link tfx.grammar.Tree.File} with the
 * place of every node leaves ({@link tfx.grammar.Syntax#parse}), or the faults do, with codes TFX0001 to TFX0099;
 * {@link tfx.grammar.Formatter} gives a text its canonical layout. Nothing here knows what a name means.
 */
@org.jspecify.annotations.NullMarked
package tfx.grammar;
