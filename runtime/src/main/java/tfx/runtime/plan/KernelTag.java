package tfx.runtime.plan;

import com.oracle.truffle.api.instrumentation.Tag;

/** Marks the nodes that run one kernel; their events carry the kernel's output. */
@Tag.Identifier("KERNEL")
public final class KernelTag extends Tag {
    private KernelTag() {}
}
