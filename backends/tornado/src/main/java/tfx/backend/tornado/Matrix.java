package tfx.backend.tornado;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tfx.backend.common.Analysis.Linear;
import tfx.ir.Expr;
import tfx.ir.Index;
import tfx.ir.Value;

/**
 * Weights as a matrix of columns by depth: the element of column c at point k lies {@code offset + c * columnStride + k * depthStride}
 * behind the tensor's first; one of the strides is 1.
 *
 * @param operand the tensor's number among the kernel's operands
 */
record Matrix(int operand, long offset, long columnStride, long depthStride) {

    /** The factor of a product's column as a matrix, or null where it is computed or lies otherwise. */
    static @Nullable Matrix of(Emitter e, Product product, List<Index> columns) {
        if (!(product.column() instanceof Expr.Read read) || !(read.value() instanceof Value.Parameter)) {
            return null;
        }
        int operand = e.operands.number(read.value());
        long offset = 0;
        Map<Index, Long> factors = new java.util.HashMap<>();
        for (int d = 0; d < read.at().size(); d++) {
            long stride = e.operands.strideOf(read.value(), d);
            Linear at = e.analysis.linear(read.at().get(d));
            if (stride < 0) {
                return null;
            }
            offset += at.constant() * stride;
            for (Map.Entry<Expr, Long> term : at.factors().entrySet()) {
                if (!(term.getKey() instanceof Expr.At(Index index))) {
                    return null;
                }
                factors.merge(index, term.getValue() * stride, Long::sum);
            }
        }
        Long columnStride = flat(factors, columns);
        Long depthStride = flat(factors, product.sum().indices());
        boolean plain = columnStride != null
                && depthStride != null
                && offset >= 0
                && ((columnStride == 1 && depthStride >= Product.count(columns))
                        || (depthStride == 1 && columnStride >= product.depth()));
        return plain ? new Matrix(operand, offset, columnStride, depthStride) : null;
    }

    /** The stride of the flattened indices, or null where they do not lie at one. */
    private static @Nullable Long flat(Map<Index, Long> factors, List<Index> indices) {
        long below = 1;
        Long stride = null;
        for (int d = indices.size() - 1; d >= 0; d--) {
            long size = indices.get(d).size().constant();
            long factor = factors.getOrDefault(indices.get(d), 0L);
            if (size > 1) {
                if (stride == null) {
                    stride = factor;
                }
                if (factor != stride * below) {
                    return null;
                }
            }
            below *= size;
        }
        return stride == null ? Long.valueOf(1) : stride;
    }
}
