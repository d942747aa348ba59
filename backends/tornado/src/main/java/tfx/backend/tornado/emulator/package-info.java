/**
 * A device in this process: the part of TornadoVM's programming interface that generated kernels use, under the same names, with
 * work groups, local memory, barriers and a device memory of its own. Public because generated classes use it.
 */
package tfx.backend.tornado.emulator;
