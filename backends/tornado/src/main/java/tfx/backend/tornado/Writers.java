package tfx.backend.tornado;

import java.util.List;
import org.jspecify.annotations.Nullable;
import tfx.ir.Expr;
import tfx.ir.Index;

/** Chooses how a kernel is written, by its structure and by whether it is for many rows. */
final class Writers {
    private Writers() {}

    static Written write(Emitter emitter, List<Template.Output> outputs, Platform platform, boolean many) {
        RowProducts products = many ? null : RowProducts.find(emitter, outputs, platform);
        if (products != null) {
            return products.write();
        }
        if (outputs.size() > 1) {
            return new CellWriter(emitter, outputs).write();
        }
        List<Index> indices = outputs.getFirst().indices();
        Expr body = outputs.getFirst().body();
        int items = platform.items();
        FoldTileWriter fold = many ? FoldTileWriter.find(emitter, indices, body, platform) : null;
        if (fold != null) {
            return fold.write();
        }
        Streamed stream = Streamed.find(emitter, indices, body);
        if (stream != null) {
            return new StreamWriter(emitter, indices, body, stream, items, platform.warp(), null).write();
        }
        ColumnProducts turned = many ? null : ColumnProducts.find(emitter, indices, body, platform);
        if (turned != null) {
            return turned.write();
        }
        RowSumWriter sums = RowSumWriter.find(emitter, indices, body, platform, many);
        if (sums != null) {
            return sums.write();
        }
        SharedCellWriter shared = SharedCellWriter.find(emitter, indices, body, platform);
        TileWriter tiles = many && shared != null ? TileWriter.find(emitter, indices, body, shared.group()) : null;
        if (tiles != null) {
            return tiles.write();
        }
        RowWriter rows = many && shared == null ? RowWriter.find(emitter, indices, body, platform) : null;
        if (rows != null) {
            return rows.write();
        }
        return shared != null ? shared.write() : new CellWriter(emitter, outputs).write();
    }

    /** Whether kernels for few and for many rows differ. */
    static boolean differ(Emitter emitter, List<Index> indices, Expr body, Platform platform) {
        if (FoldTileWriter.find(emitter, indices, body, platform) != null) {
            return true;
        }
        if (Streamed.find(emitter, indices, body) != null) {
            return false;
        }
        if (RowProducts.find(emitter, List.of(new Template.Output(0, indices, body)), platform) != null
                || ColumnProducts.find(emitter, indices, body, platform) != null
                || RowSumWriter.find(emitter, indices, body, platform, true) != null) {
            return true;
        }
        @Nullable SharedCellWriter shared = SharedCellWriter.find(emitter, indices, body, platform);
        return shared != null
                ? TileWriter.find(emitter, indices, body, shared.group()) != null
                : RowWriter.find(emitter, indices, body, platform) != null;
    }

    /** Whether, for few rows, each work item computes elements by itself. */
    static boolean plain(Emitter emitter, Template.Output output, Platform platform) {
        List<Index> indices = output.indices();
        Expr body = output.body();
        return RowProducts.find(emitter, List.of(output), platform) == null
                && Streamed.find(emitter, indices, body) == null
                && ColumnProducts.find(emitter, indices, body, platform) == null
                && RowSumWriter.find(emitter, indices, body, platform, false) == null
                && SharedCellWriter.find(emitter, indices, body, platform) == null;
    }
}
