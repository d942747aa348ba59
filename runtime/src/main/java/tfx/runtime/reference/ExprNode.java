package tfx.runtime.reference;

import com.oracle.truffle.api.frame.VirtualFrame;
import com.oracle.truffle.api.nodes.Node;

/**
 * A scalar expression. Index variables and fold accumulators live in the frame; tensors are held by the nodes that read
 * them. Nodes are immutable: several threads execute one tree, each with a frame of its own.
 */
abstract class ExprNode extends Node {
    abstract double execute(VirtualFrame frame);

    boolean holds(VirtualFrame frame) {
        return execute(frame) != 0;
    }
}
