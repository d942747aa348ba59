package tfx.compiler.elaborate;

/**
 * Where a parameter's elements lie: element (i0, i1, ...) is element {@code offset + sum_k i_k * strides[k]} of the
 * row-major official tensor. Proven to stay inside it. Two parameters bound to one tensor are tied.
 *
 * @param official the official tensor's name
 * @param offset in elements
 * @param strides in elements, one per dimension of the parameter
 */
public record Binding(String official, long offset, long[] strides) {}
