package tfx.compiler.schedule;

import java.util.List;
import tfx.ir.Value;

/**
 * One scheduled kernel: computes one stored value from stored ones. Its body may hold nested reductions and folds, never
 * a read of anything but {@code operands}.
 *
 * @param name short and readable: the value's path and what was fused into it
 * @param output what it writes
 * @param operands the distinct values its body and domain read, in order of first appearance
 * @param fused paths of the named values that were inlined into it
 */
public record Kernel(String name, Value.Comprehension output, List<Value> operands, List<String> fused) {}
