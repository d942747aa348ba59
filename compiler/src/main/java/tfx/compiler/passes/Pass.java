package tfx.compiler.passes;

import java.util.function.UnaryOperator;
import tfx.ir.Program;

/** One rewrite. @param reason why it pays, in a sentence, shown by {@code explain} */
public record Pass(String name, String reason, UnaryOperator<Program> rewrite) {}
