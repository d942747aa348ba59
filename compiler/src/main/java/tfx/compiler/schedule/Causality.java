package tfx.compiler.schedule;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import tfx.ir.Value;

/**
 * Whether a program can run step by step: row i of every value needs no row after i of any other.
 *
 * @param incremental whether that is proven
 * @param reason what could not be proven, naming the value; null where {@code incremental}
 * @param past for every value some reader needs earlier rows of: how many, {@link Placement#ALL} where there is no bound
 */
public record Causality(boolean incremental, @Nullable String reason, Map<Value, Long> past) {}
