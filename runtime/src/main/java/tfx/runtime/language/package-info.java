/**
 * tfx as a Truffle language, for {@code org.graalvm.polyglot}. Enters: sources and a host's calls; leaves: models as guest
 * objects that load weights, run, generate and open sessions. {@code spec/embedding.md} describes them.
 */
@org.jspecify.annotations.NullMarked
package tfx.runtime.language;
