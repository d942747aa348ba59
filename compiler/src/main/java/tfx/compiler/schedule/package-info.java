/**
 * Scheduled kernels and the interface every backend implements. Enters: a program after all passes; leaves: kernels in
 * order, with the storage each value needs.
 */
package tfx.compiler.schedule;
