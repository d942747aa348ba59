package tfx.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import tfx.grammar.Stdlib;
import tfx.source.Source;

/** Mutates the standard library and hands it to the fuzz target. */
final class SyntaxFuzzTest {
    private static final List<String> PIECES = List.of(
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            "{}",
            "..",
            ".",
            ",",
            ":",
            "=",
            "==",
            "=>",
            "->",
            "-",
            "+",
            "^",
            "@",
            "??",
            "\"",
            "\\",
            "\n",
            "\n\n",
            " ",
            "// c\n",
            "/// d\n",
            "//",
            "if ",
            " then ",
            " else ",
            "not ",
            " where ",
            "layers ",
            "when ",
            "names {",
            "block ",
            "return ",
            "x",
            "7",
            "1e",
            "0.5",
            "$",
            "∑",
            "𝔸",
            "\u0000",
            "\u202E",
            "\r",
            "\r\n",
            "(a) => ",
            "[a -> b](",
            "import \"a\"\n");

    /** One change: at a share of the text, remove so many characters, then insert a piece. */
    record Change(double place, int removed, String inserted) {}

    @Provide
    Arbitrary<Change> changes() {
        return Combinators.combine(
                        Arbitraries.doubles().between(0, 1),
                        Arbitraries.frequencyOf(
                                net.jqwik.api.Tuple.of(3, Arbitraries.just(0)),
                                net.jqwik.api.Tuple.of(3, Arbitraries.integers().between(1, 3)),
                                net.jqwik.api.Tuple.of(1, Arbitraries.integers().between(4, 400))),
                        Arbitraries.frequencyOf(
                                net.jqwik.api.Tuple.of(4, Arbitraries.of(PIECES)),
                                net.jqwik.api.Tuple.of(1, Arbitraries.just(""))))
                .as(Change::new);
    }

    @Provide
    Arbitrary<Source> files() {
        return Arbitraries.of(Stdlib.sources());
    }

    @Property(tries = 500, shrinking = ShrinkingMode.BOUNDED)
    void anyMutationGivesATreeOrCodedFaults(@ForAll("files") Source file, @ForAll("fewChanges") List<Change> changes) {
        SyntaxFuzz.fuzzerTestOneInput(mutated(file.text(), changes).getBytes(UTF_8));
    }

    @Provide
    Arbitrary<List<Change>> fewChanges() {
        return changes().list().ofMinSize(1).ofMaxSize(4);
    }

    /** White space and comments may stand anywhere that the grammar lets them: many of these texts parse. */
    @Property(tries = 500, shrinking = ShrinkingMode.BOUNDED)
    void whiteSpaceAndCommentsAnywhere(@ForAll("files") Source file, @ForAll("layouts") List<Change> changes) {
        SyntaxFuzz.fuzzerTestOneInput(mutated(file.text(), changes).getBytes(UTF_8));
    }

    @Provide
    Arbitrary<List<Change>> layouts() {
        return Combinators.combine(
                        Arbitraries.doubles().between(0, 1),
                        Arbitraries.just(0),
                        Arbitraries.of(" ", "\n", "\n\n\n", " // c\n", "\n // c\n", "\n\n/// d\n", "\t", "\r\n"))
                .as(Change::new)
                .list()
                .ofMinSize(1)
                .ofMaxSize(3);
    }

    private static String mutated(String text, List<Change> changes) {
        StringBuilder out = new StringBuilder(text);
        for (Change change : changes) {
            int at = (int) (change.place() * out.length());
            out.replace(at, Math.min(out.length(), at + change.removed()), change.inserted());
        }
        return out.toString();
    }
}
