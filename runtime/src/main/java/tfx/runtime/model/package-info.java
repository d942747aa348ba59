/**
 * From a MODEL argument to something that runs. Enters: a file or folder, overrides, a device; leaves: sessions, and what is
 * done with them: generation, evaluation, comparison with a dump, measurement.
 */
@org.jspecify.annotations.NullMarked
package tfx.runtime.model;
