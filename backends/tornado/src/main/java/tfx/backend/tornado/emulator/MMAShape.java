package tfx.backend.tornado.emulator;

/** The products of matrices that a warp computes at once: rows, columns, depth. */
public enum MMAShape {
    M16N8K16
}
