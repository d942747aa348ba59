package tfx.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import tfx.source.Source;

/** What each construct of the grammar becomes. */
final class SyntaxTest {
    static Tree.File parse(String text) {
        return Syntax.parse(new Source("<test>", text));
    }

    /** The expression of {@code return}, in the prefix notation of {@link Shown}. */
    static String shown(String expression) {
        Tree.Block block = (Tree.Block) parse("block b() {\n  return " + expression + "\n}\n")
                .declarations()
                .getFirst();
        return Shown.of(((Tree.Return) block.body().getFirst()).value());
    }

    private static List<Tree.Statement> body(String statements) {
        return ((Tree.Block) parse("block b() {\n" + statements + "\n}")
                        .declarations()
                        .getFirst())
                .body();
    }

    @Test
    void everyFileOfTheStandardLibraryParses() {
        List<Source> sources = Stdlib.sources();
        assertTrue(sources.size() >= 9);
        for (Source source : sources) {
            assertFalse(Syntax.parse(source).declarations().isEmpty(), source.name());
        }
    }

    @Test
    void transformsAreClauses() {
        Tree.Variant variant = (Tree.Variant) parse("""
                variant V(on = 1, transform = 2) of M {
                  on = transform
                  transform = on
                  transform f(bits: on) on layers.{l}.{p..}[transform, ..]
                  transform (w) => w * on on {path..}.weight
                  transform g on a.b
                  names {}
                }""").declarations().getFirst();
        assertEquals(
                List.of("on", "transform"),
                variant.overrides().stream().map(it -> it.name().text()).toList());
        List<Tree.Transform> transforms = variant.clauses().stream()
                .filter(Tree.Transform.class::isInstance)
                .map(Tree.Transform.class::cast)
                .toList();
        assertEquals(3, transforms.size());
        assertEquals(2, transforms.getFirst().stored().orElseThrow().dims().size());
        assertTrue(transforms.getFirst().path().segments().getLast().many());
        assertInstanceOf(Tree.Lambda.class, transforms.get(1).value());
        assertTrue(transforms.get(2).stored().isEmpty());
    }

    @Test
    void operatorsBindAsTheReferenceSays() {
        assertEquals("(+ a (* b c))", shown("a + b * c"));
        assertEquals("(- (- a b) c)", shown("a - b - c"));
        assertEquals("(/ (/ a b) c)", shown("a / b / c"));
        assertEquals("(^ a (^ b c))", shown("a ^ b ^ c"));
        assertEquals("(- (^ a b))", shown("-a ^ b"));
        assertEquals("(^ a (- (^ b c)))", shown("a ^ -b ^ c"));
        assertEquals("(* (^ a (- b)) c)", shown("a ^ -b * c"));
        assertEquals("(/ (- i) n)", shown("-i / n"));
        assertEquals("(- (- a))", shown("- -a"));
        assertEquals("(or (not (== a b)) (and c d))", shown("not a == b or c and d"));
        assertEquals("(?? (?? a (or b c)) d)", shown("a ?? b or c ?? d"));
        assertEquals("(mod (div a b) c)", shown("a div b mod c"));
        assertEquals("(* (+ a b) c)", shown("(a + b) * c"));
        assertEquals("(< (+ a 1) b)", shown("a + 1 < b"));
    }

    @Test
    void whereIfAndLambdaReachToTheEnd() {
        assertEquals("(where (+ a b) (and c d))", shown("a + b where c and d"));
        assertEquals("(if c a (where b p))", shown("if c then a else b where p"));
        assertEquals("(where (if c a b) p)", shown("(if c then a else b) where p"));
        assertEquals("(where a (if c p q))", shown("a where if c then p else q"));
        assertEquals("(=> (x y) (where (+ x y) p))", shown("(x, y) => x + y where p"));
        assertEquals("(if a b (if c d e))", shown("if a then b\n else if c then d\n else e"));
    }

    @Test
    void suffixes() {
        assertEquals("(call f x :eps 1e-5)", shown("f(x, eps: 1e-5)"));
        assertEquals("(call f)", shown("f()"));
        assertEquals("(call f[a,b->c] x)", shown("f[a, b -> c](x)"));
        assertEquals("(call sum[e] (read q t .. e))", shown("sum[e](q[t, .., e])"));
        assertEquals("(call (call f a) b)", shown("f(a)(b)"));
        assertEquals("(@ k j)", shown("k @ j"));
        assertEquals("(* (@ x (- l 1)) 2)", shown("x @ (l - 1) * 2"));
        assertEquals("(. (. config a) b)", shown("config.a.b"));
        assertEquals("(read w (+ h 1) (div g 2))", shown("w[h + 1, g div 2]"));
    }

    @Test
    void leaves() {
        assertEquals("7", shown("7"));
        assertEquals("0.5", shown("0.5"));
        assertEquals("1e-5", shown("1e-5"));
        assertEquals("true", shown("true"));
        assertEquals("false", shown("false"));
        assertEquals("none", shown("none"));
        assertEquals("\"a\"b\\\"", shown("\"a\\\"b\\\\\""));
        assertEquals("\"∑ 𝔸\"", shown("\"∑ 𝔸\""));
    }

    @Test
    void wordsWithAPlaceOfTheirOwnAreNamesElsewhere() {
        String words = "layers in named config weights names prefix ignore when fail size id real";
        for (String word : words.split(" ")) {
            assertEquals(
                    "(+ (call " + word + " " + word + " :" + word + " " + word + ") (. a " + word + "))",
                    shown(word + "(" + word + ", " + word + ": " + word + ") + a." + word));
            assertInstanceOf(
                    Tree.Definition.class,
                    body(word + " = a\n" + word + "[t] = " + word).get(1));
        }
        Tree.Layers layers = (Tree.Layers)
                body("layers in in in .. named named named { named = in }").getFirst();
        assertEquals("in", layers.index().text());
        assertEquals(Optional.of("named"), layers.named().map(Tree.Name::text));
    }

    @Test
    void statements() {
        List<Tree.Statement> all = body("""
                param w[o, i] = normal(0.02)
                param v[o]
                input tokens[b, t <= 2 * n] : id(vocab)
                input x[t] : real
                output logits[t] = y
                output z = y
                layers l in 0 .. n named h { x = x }
                layers l in 0 .. layers { }
                y[.., o] = x
                y = x
                return y""");
        assertEquals(11, all.size());
        Tree.Input input = (Tree.Input) all.get(2);
        assertTrue(input.ids().isPresent() && input.dims().get(1).limit().isPresent());
        assertTrue(((Tree.Input) all.get(3)).ids().isEmpty());
        assertEquals(
                List.of("..", "o"),
                ((Tree.Definition) all.get(8))
                        .shape().orElseThrow().dims().stream()
                                .map(Tree.Name::text)
                                .toList());
        assertTrue(((Tree.Parameter) all.get(1)).initial().isEmpty());
        assertInstanceOf(Tree.Return.class, all.getLast());
    }

    @Test
    void statementsNeedNoLineEnds() {
        assertEquals(3, body("a = b c = (d) e = -f").size());
        assertEquals(1, body("a =\n b\n +\n c\n - d\n where\n (e)").size());
    }

    @Test
    void declarationsAndClauses() {
        Tree.File file = parse("""
                import "stdlib/a.tfx"
                /// Linear
                ///   map.
                block linear[i, j -> o](x[.., i], bias = false) { return x }
                model M(d, n = 2 * d) {
                  config "m" { d = config.d  n = 3 }
                  weights "hub" {
                    prefix "a." or ""
                    {path..} = "{path}" or "other"
                    h.{l}.w[o, i] = "h.{l}.w"[i, 2 * o] or "x"[o, i] when tied or n == 1
                    when = "when"
                    ignore "z"
                  }
                  names { h.{l}.x = "hidden.{l}"  h.{l}.z[i] = "all"[l, i] when n == 1  ignore "no.{l}" when tied }
                  x = d
                }
                variant V of M { n = 3 }
                variant W(a = 1) of V { config "w" { } n = a }
                """);
        assertEquals("stdlib/a.tfx", file.imports().getFirst().path());
        Tree.Block block = (Tree.Block) file.declarations().get(0);
        assertEquals("Linear\nmap.", block.doc());
        assertEquals(
                List.of(2, 1, 2),
                List.of(block.from().size(), block.to().size(), block.formals().size()));
        Tree.Model model = (Tree.Model) file.declarations().get(1);
        assertEquals("", model.doc());
        assertEquals(3, model.clauses().size());
        List<Tree.WeightLine> lines = ((Tree.Weights) model.clauses().get(1)).lines();
        assertEquals(List.of("a.", ""), ((Tree.Prefix) lines.get(0)).alternatives());
        Tree.Segment any = ((Tree.Weight) lines.get(1)).path().segments().getFirst();
        assertTrue(any.wildcard() && any.many());
        Tree.Weight read = (Tree.Weight) lines.get(2);
        assertEquals(2, read.alternatives().size());
        assertEquals("(or tied (== n 1))", Shown.of(read.when().orElseThrow()));
        assertInstanceOf(Tree.Weight.class, lines.get(3));
        List<Tree.NamesLine> names = ((Tree.Names) model.clauses().get(2)).lines();
        Tree.NameLine value = (Tree.NameLine) names.get(1);
        assertEquals(
                List.of(1, 2),
                List.of(value.indices().size(), value.official().at().size()));
        assertEquals("(== n 1)", Shown.of(value.when().orElseThrow()));
        assertEquals("no.{l}", ((Tree.Ignore) names.get(2)).pattern());
        assertEquals(1, ((Tree.Variant) file.declarations().get(3)).clauses().size());
    }

    @Test
    void spansAreUtf16OffsetsAndCountBrackets() {
        String text = "// 𝔸\nblock b() { return (a + b) * \"𝔸\" }";
        Tree.Return returned = (Tree.Return)
                ((Tree.Block) parse(text).declarations().getFirst()).body().getFirst();
        assertEquals("(a + b) * \"𝔸\"", returned.value().span().text());
        assertEquals("*", ((Tree.Binary) returned.value()).operatorSpan().text());
    }
}
