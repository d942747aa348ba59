package tfx.backend.tornado;

import java.util.List;
import tfx.ir.Expr;
import tfx.ir.Index;

/** Chooses how a kernel is written, by its structure alone. */
final class Writers {
    private Writers() {}

    static Written write(Emitter emitter, List<Index> indices, Expr body) {
        return new CellWriter(emitter, indices, body).write();
    }
}
