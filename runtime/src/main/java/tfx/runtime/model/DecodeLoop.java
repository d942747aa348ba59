package tfx.runtime.model;

import com.oracle.truffle.api.CompilerDirectives.TruffleBoundary;
import com.oracle.truffle.api.Truffle;
import com.oracle.truffle.api.TruffleLanguage;
import com.oracle.truffle.api.frame.VirtualFrame;
import com.oracle.truffle.api.nodes.LoopNode;
import com.oracle.truffle.api.nodes.Node;
import com.oracle.truffle.api.nodes.RepeatingNode;
import com.oracle.truffle.api.nodes.RootNode;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Generation as a loop of the language, a token an iteration: between two tokens a context can interrupt or cancel it, and
 * tools see it as a loop.
 */
final class DecodeLoop extends RootNode {
    @Child
    private LoopNode loop = Truffle.getRuntime().createLoopNode(new Token());

    private DecodeLoop(@Nullable TruffleLanguage<?> language) {
        super(language);
    }

    /** @param token makes the next token; false: that was the last */
    static void run(@Nullable TruffleLanguage<?> language, BooleanSupplier token) {
        new DecodeLoop(language).getCallTarget().call(token);
    }

    @Override
    public Object execute(VirtualFrame frame) {
        return loop.execute(frame);
    }

    @Override
    public String getName() {
        return "generate";
    }

    private static final class Token extends Node implements RepeatingNode {
        @Override
        public boolean executeRepeating(VirtualFrame frame) {
            return next((BooleanSupplier) frame.getArguments()[0]);
        }

        @TruffleBoundary
        private static boolean next(BooleanSupplier token) {
            return token.getAsBoolean();
        }
    }
}
