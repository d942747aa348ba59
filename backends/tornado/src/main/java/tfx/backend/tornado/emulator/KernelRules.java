package tfx.backend.tornado.emulator;

import com.sun.source.tree.BinaryTree;
import com.sun.source.tree.BreakTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.ContinueTree;
import com.sun.source.tree.ForLoopTree;
import com.sun.source.tree.IfTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.StatementTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.WhileLoopTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreeScanner;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.tools.JavaCompiler;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/**
 * Forms of Java that TornadoVM 5.2 compiles to code with another meaning, though javac's is right; its node builder is where
 * they are seen. Where both branches of an {@code if} end in loops, what comes after has what the second loop left, whichever
 * ran ({@code visitMerge}); loops that are left from within are unsafe; an operation whose left side is a conversion to bfloat16
 * is one of shorts ({@code LIRKind.combine}).
 */
public final class KernelRules {
    private KernelRules() {}

    /**
     * Checks a kernel's source.
     *
     * @throws IllegalStateException naming the form, with the statement
     */
    public static void check(String name, String source) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        var file =
                new SimpleJavaFileObject(
                        URI.create("mem:///" + name + ".java"), javax.tools.JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return source;
                    }
                };
        JavacTask task = (JavacTask) compiler.getTask(null, null, null, List.of("-proc:none"), null, List.of(file));
        try {
            for (CompilationUnitTree unit : task.parse()) {
                new Forms().scan(unit, name);
            }
        } catch (IOException e) {
            throw new IllegalStateException("the source of " + name + " cannot be read", e);
        }
    }

    private static final class Forms extends TreeScanner<Void, String> {
        @Override
        public Void visitIf(IfTree branch, String name) {
            StatementTree otherwise = branch.getElseStatement();
            if (otherwise != null && loops(branch.getThenStatement()) && loops(otherwise)) {
                throw wrong(name, "both branches have loops", branch);
            }
            return super.visitIf(branch, name);
        }

        @Override
        public Void visitBinary(BinaryTree operation, String name) {
            if (operation.getLeftOperand() instanceof MethodInvocationTree call
                    && call.getMethodSelect() instanceof MemberSelectTree method
                    && method.getIdentifier().contentEquals("bf16FromFloat")) {
                throw wrong(name, "what is computed from a short is one", operation);
            }
            return super.visitBinary(operation, name);
        }

        @Override
        public Void visitBreak(BreakTree statement, String name) {
            throw wrong(name, "a loop is left from within", statement);
        }

        @Override
        public Void visitContinue(ContinueTree statement, String name) {
            throw wrong(name, "a loop is left from within", statement);
        }

        private static IllegalStateException wrong(String name, String what, Tree tree) {
            return new IllegalStateException(
                    "kernel " + name + " has a form that TornadoVM compiles wrong, " + what + ": " + tree);
        }
    }

    private static boolean loops(Tree tree) {
        AtomicBoolean found = new AtomicBoolean();
        new TreeScanner<Void, Void>() {
            @Override
            public Void visitForLoop(ForLoopTree loop, Void nothing) {
                found.set(true);
                return null;
            }

            @Override
            public Void visitWhileLoop(WhileLoopTree loop, Void nothing) {
                found.set(true);
                return null;
            }
        }.scan(tree, null);
        return found.get();
    }
}
