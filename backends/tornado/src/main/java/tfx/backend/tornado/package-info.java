/**
 * Scheduled kernels on a GPU. Enters: kernels with the layouts of their operands; leaves: Java source of TornadoVM kernels,
 * compiled and run as one task graph over memory that stays on the device. Nothing here needs TornadoVM to compile: generated
 * source names its classes.
 */
package tfx.backend.tornado;
