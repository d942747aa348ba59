package tfx.backend.tornado;

import java.util.List;
import tfx.ir.Expr;
import tfx.ir.Index;

/** Chooses how a kernel is written, by its structure alone. */
final class Writers {
    private Writers() {}

    static Written write(Emitter emitter, List<Index> indices, Expr body, Platform platform) {
        int items = platform.items();
        StreamWriter stream = StreamWriter.find(emitter, indices, body, items);
        if (stream != null) {
            return stream.write();
        }
        SharedCellWriter shared = SharedCellWriter.find(emitter, indices, body, platform);
        if (shared != null) {
            TileWriter tiles = TileWriter.find(emitter, indices, body, shared);
            return tiles != null ? tiles.write() : shared.write();
        }
        return new CellWriter(emitter, indices, body).write();
    }
}
