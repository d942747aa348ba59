package tfx.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import org.junit.jupiter.api.Test;
import tfx.source.Source;
import tfx.source.TfxException;

final class FormatterTest {
    private static String format(String text) {
        return Formatter.format(new Source("<test>", text));
    }

    @Test
    void theStandardLibraryIsLaidOutAlready() {
        for (Source source : Stdlib.sources()) {
            assertEquals(source.text(), Formatter.format(source), source.name());
        }
    }

    @Test
    void spacesLinesAndBlankLines() {
        assertEquals("""
                import "a"

                // About f.

                /// Doc.
                block f[i -> o](x[.., i], b = -1e-5) {
                  param w[o] = ones // learned
                  y[t, ..] = sum[i](x[t, i] * -w[o] ^ -2) where not (t <= o)

                  // last
                  return f[a -> b](y, name: none)(z) @ (l - 1)
                }

                model M() {
                  input x[t <= 3] : id(v)
                  layers l in 0 .. n named h {}
                  config "c" {
                    a = config.b ?? 3
                  }
                  weights "w" {
                    {path..} = "{path}"
                    h.{l}.w[o, i] = "h"[i, o] or "g" when tied
                  }
                  names {
                    a.{l}.b[t, d] = "c"[l, t, d] when tied
                    ignore "d.{l}" when tied
                  }
                  transform f(b: 2)[o]() on h.{l}.{p..}[m, ..]
                }
                // end
                """.replace(" // learned", "  // learned"), format("""
                import   "a"
                // About f.


                /// Doc.
                block f [ i->o ] ( x[..,i],b=- 1e-5 ){
                  param w [o]=ones // learned
                  y[t,..]=sum [i](x [ t,i ]*-w[o]^- 2) where not(t<=o)


                  // last
                  return f[a->b]( y,name :none )(z)@( l-1 )

                }
                model M() { input x[t<=3]:id( v ) layers l in 0..n named h { }
                config "c" { a=config . b??3 } weights "w" { { path .. }="{path}"
                h . {l}.w[o,i]="h" [i,o] or "g" when tied } names { a.{l}.b[t,d]="c"[l,t,d] when tied ignore "d.{l}" when tied }
                transform f(b:2) [o] () on h . {l}. {p ..} [m,..] }
                // end
                """));
    }

    @Test
    void longStatementsAreBroken() {
        String arguments = "argument, ".repeat(30) + "last";
        String text = format("block b() { return f(" + arguments + ") x = " + "aaaaaaaaaa + ".repeat(20) + "b }");
        assertTrue(text.lines().allMatch(line -> line.length() <= 120), text);
        assertEquals(
                "           argument, argument,",
                text.lines().skip(2).findFirst().orElseThrow().substring(0, 30));
        assertTrue(text.contains("\n    + aaaaaaaaaa"), text);
    }

    @Test
    void everyElseOfALongStatementBeginsALine() {
        String word = "a_rather_long_name_of_a_thing";
        String text = format("block b() { return if c then " + word + " else if d then " + word + " else if e then "
                + word + " else " + word + " }");
        assertEquals(
                3, text.lines().filter(line -> line.startsWith("    else ")).count(), text);
    }

    @Test
    void commentsWithinStatementsStay() {
        String text = """
                block b() {
                  x = f(a,  // first
                        // second
                        b)
                  return x
                }
                """;
        assertEquals(text, format(text));
        assertEquals(text, format(text.replace("        //", "//").replace("        b", "b")));
    }

    @Test
    void whatDoesNotParseIsNotLaidOut() {
        assertThrows(TfxException.class, () -> format("block b() { return }"));
    }

    @Property(tries = 80, edgeCases = EdgeCasesMode.NONE, shrinking = ShrinkingMode.BOUNDED)
    void anyTreePrintsParsesAndIsLaidOutToTheSameMeaning(@ForAll("files") Tree.File tree) {
        String printed = Printer.print(tree);
        String meaning = Meaning.of(tree);
        assertEquals(meaning, Meaning.of(SyntaxTest.parse(printed)), printed);
        String laidOut = format(printed);
        assertEquals(meaning, Meaning.of(SyntaxTest.parse(laidOut)), laidOut);
        assertEquals(laidOut, format(laidOut));
        // The same tokens on lines of their own, where the language lets them be.
        String scattered = printed.replace(" ", "\n").replace("\n(", " (").replace("\n[", " [");
        assertEquals(meaning, Meaning.of(SyntaxTest.parse(format(scattered))), scattered);
        assertEquals(format(scattered), format(format(scattered)));
    }

    @Provide
    net.jqwik.api.Arbitrary<Tree.File> files() {
        return Trees.files();
    }

    @Test
    void theMeaningOfTheStandardLibrarySurvivesOneLine() {
        for (Source source : Stdlib.sources()) {
            List<String> lines = source.text()
                    .lines()
                    .filter(line -> !line.strip().startsWith("//"))
                    .toList();
            String flat = String.join(" ", lines);
            assertEquals(Meaning.of(SyntaxTest.parse(flat)), Meaning.of(SyntaxTest.parse(format(flat))), source.name());
        }
    }
}
