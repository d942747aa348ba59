package tfx.backend.cpu;

import java.util.List;
import tfx.backend.common.Analysis;
import tfx.ir.Expr;
import tfx.ir.Index;

/** Chooses how a kernel is written, by its structure alone. */
final class Writers {
    private Writers() {}

    static ElementwiseWriter.Methods write(Analysis analysis, Operands operands, List<Index> indices, Expr body) {
        Emitter emitter = new Emitter(analysis, operands);
        return new ElementwiseWriter(emitter, indices, body).write();
    }
}
