/**
 * What hosts and other languages see of tfx through Truffle's interop protocol. Enters: values, models, faults; leaves:
 * objects with members, elements and calls, and guest exceptions with places in sources.
 */
@org.jspecify.annotations.NullMarked
package tfx.runtime.interop;
