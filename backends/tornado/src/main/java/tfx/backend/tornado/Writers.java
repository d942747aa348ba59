package tfx.backend.tornado;

import java.util.List;
import org.jspecify.annotations.Nullable;
import tfx.ir.Expr;
import tfx.ir.Index;

/** Chooses how a kernel is written, by its structure and by whether it is for many rows. */
final class Writers {
    private Writers() {}

    static Written write(Emitter emitter, List<Template.Output> outputs, Platform platform, boolean many) {
        KernelWriter products = many ? null : RowProducts.find(emitter, outputs, platform);
        if (products != null) {
            return products.write();
        }
        if (outputs.size() == 1) {
            return of(emitter, outputs.getFirst(), platform, many).write();
        }
        boolean plain = outputs.stream().allMatch(output -> of(emitter, output, platform, many) instanceof CellWriter);
        return plain ? new CellWriter(emitter, outputs).write() : new SideBySide(emitter, outputs, platform).write();
    }

    /** The writer of a kernel with one output. */
    static KernelWriter of(Emitter emitter, Template.Output output, Platform platform, boolean many) {
        KernelWriter products = many ? null : RowProducts.find(emitter, List.of(output), platform);
        if (products != null) {
            return products;
        }
        List<Index> indices = output.indices();
        Expr body = output.body();
        FoldTileWriter fold = many ? FoldTileWriter.find(emitter, indices, body, platform) : null;
        if (fold != null) {
            return fold;
        }
        Streamed stream = Streamed.find(emitter, indices, body);
        if (stream != null) {
            return new StreamWriter(emitter, indices, body, stream, platform.items(), platform.warp(), null);
        }
        ColumnProducts turned = many ? null : ColumnProducts.find(emitter, indices, body, platform);
        if (turned != null) {
            return turned;
        }
        RowSumWriter sums = RowSumWriter.find(emitter, indices, body, platform, many);
        if (sums != null) {
            return sums;
        }
        SharedCellWriter shared = SharedCellWriter.find(emitter, indices, body, platform);
        TileWriter tiles = many && shared != null ? TileWriter.find(emitter, indices, body, shared.group()) : null;
        if (tiles != null) {
            return tiles;
        }
        RowWriter rows = many && shared == null ? RowWriter.find(emitter, indices, body, platform) : null;
        if (rows != null) {
            return rows;
        }
        return shared != null ? shared : new CellWriter(emitter, List.of(output));
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
}
