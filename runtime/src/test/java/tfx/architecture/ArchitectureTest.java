package tfx.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Holds the direction of dependencies between the modules, and that the compiler knows primitives, not architectures. */
class ArchitectureTest {
    private static final JavaClasses TFX = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .withImportOption(location -> !location.contains("-tests.jar"))
            .importPackages("tfx");

    /** Where one camel-case word ends and the next begins. */
    private static final Pattern WORD_BOUNDARY =
            Pattern.compile("(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z]+");

    /** Names of published architectures and of the parts that only they have. */
    private static final Set<String> ARCHITECTURES = Set.of(
            "llama",
            "gpt",
            "qwen",
            "mistral",
            "gemma",
            "phi",
            "bert",
            "falcon",
            "mixtral",
            "deepseek",
            "lime",
            "tokenformer",
            "pattention",
            "diffllama",
            "blt",
            "lcm",
            "svf",
            "swiglu",
            "rope",
            "rotary",
            "gqa");

    @Test
    void dependenciesPointDownwardsOnly() {
        layeredArchitecture()
                .consideringOnlyDependenciesInAnyPackage("tfx..")
                .withOptionalLayers(true)
                .layer("grammar")
                .definedBy("tfx.source..", "tfx.grammar..")
                .layer("compiler")
                .definedBy("tfx.ir..", "tfx.compiler..")
                .layer("backends")
                .definedBy("tfx.backend..")
                .layer("runtime")
                .definedBy("tfx.runtime..", "tfx.cli..")
                .whereLayer("runtime")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("backends")
                .mayOnlyBeAccessedByLayers("runtime")
                .whereLayer("compiler")
                .mayOnlyBeAccessedByLayers("backends", "runtime")
                .whereLayer("grammar")
                .mayOnlyBeAccessedByLayers("compiler", "backends", "runtime")
                .ensureAllClassesAreContainedInArchitecture()
                .check(TFX);
    }

    @Test
    void theLibraryDoesNotKnowTheCommandLine() {
        noClasses()
                .that()
                .resideInAPackage("tfx.runtime..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("tfx.cli..")
                .allowEmptyShould(true)
                .check(TFX);
    }

    @Test
    void theCompilerExecutesNothing() {
        noClasses()
                .that()
                .resideInAnyPackage("tfx.source..", "tfx.grammar..", "tfx.ir..", "tfx.compiler..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "jdk.incubator.vector..",
                        "com.oracle.truffle..",
                        "org.graalvm..",
                        "javax.tools..",
                        "com.palantir.javapoet..",
                        "ai.djl..")
                .check(TFX);
    }

    @Test
    void noNameInCompilerOrBackendsIsAnArchitectures() {
        List<String> found = TFX.stream()
                .filter(type -> type.getPackageName().matches("tfx\\.(ir|compiler|backend)(\\..*)?"))
                .flatMap(type -> Stream.concat(Stream.of(type.getName()), memberNames(type)))
                .filter(ArchitectureTest::namesAnArchitecture)
                .sorted()
                .toList();
        assertEquals(List.of(), found);
    }

    @Test
    void wordsOfANameAreFound() {
        assertTrue(namesAnArchitecture("tfx.compiler.LlamaAttention"));
        assertTrue(namesAnArchitecture("tfx.compiler.Norms#GPT_2"));
        assertTrue(namesAnArchitecture("tfx.compiler.Norms#fuseRope"));
        assertFalse(namesAnArchitecture("tfx.compiler.Property#morphism"));
    }

    private static Stream<String> memberNames(JavaClass type) {
        return type.getMembers().stream().map(JavaMember::getName).map(name -> type.getName() + "#" + name);
    }

    private static boolean namesAnArchitecture(String name) {
        List<String> words = new ArrayList<>(WORD_BOUNDARY
                .splitAsStream(name)
                .map(word -> word.toLowerCase(Locale.ROOT))
                .collect(Collectors.toList()));
        words.retainAll(ARCHITECTURES);
        return !words.isEmpty();
    }
}
