/**
 * What backends that write code share: questions about a kernel's expressions, the key under which kernels share a class, and
 * Java source to class bytes in memory.
 */
package tfx.backend.common;
