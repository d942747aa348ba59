/**
 * Scheduled kernels on a GPU. Enters: kernels with the layouts of their operands; leaves: their text, which
 * CUDA's compiler reads as C++ and TornadoVM's other backends and the emulator as Java, run as one task graph over memory that stays
 * on the device. Nothing here needs TornadoVM to compile: generated source names its classes.
 */
package tfx.backend.tornado;
