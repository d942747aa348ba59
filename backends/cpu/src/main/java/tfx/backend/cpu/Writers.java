package tfx.backend.cpu;

import java.util.List;
import tfx.backend.common.Analysis;
import tfx.ir.Expr;
import tfx.ir.Index;

/** Chooses how a kernel is written, by its structure alone. */
final class Writers {
    private Writers() {}

    static Methods write(Analysis analysis, Operands operands, List<Index> indices, Expr body) {
        Contractions contractions = Contractions.find(analysis, operands, indices, body);
        if (contractions != null) {
            return new ContractionWriter(analysis, operands, indices, body, contractions).write();
        }
        Streams streams = Streams.find(analysis, operands, indices, body);
        return streams != null
                ? new FoldWriter(analysis, operands, indices, body, streams).write()
                : new ElementwiseWriter(new Emitter(analysis, operands), indices, body).write();
    }
}
