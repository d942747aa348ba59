# Sourced by mvnw and tfx: find_jdk prints the home of a JDK 25, or says what to install and returns 1.
# The "release" file tells a JDK's version without starting it.

tfx_jdk_version=25

is_jdk() {
    [ -x "$1/bin/java" ] && [ -x "$1/bin/javac" ] && [ -r "$1/release" ] &&
        grep -q "^JAVA_VERSION=\"$tfx_jdk_version[.\"+-]" "$1/release"
}

# The home of the JDK whose `java` or `javac` is on the PATH, links followed; nothing where there is none.
jdk_on_path() {
    program=$(command -v javac 2>/dev/null) || program=$(command -v java 2>/dev/null) || return 0
    while [ -L "$program" ]; do
        link=$(readlink "$program")
        case $link in
            /*) program=$link ;;
            *) program=$(dirname "$program")/$link ;;
        esac
    done
    (cd "$(dirname "$program")/.." 2>/dev/null && pwd -P)
}

find_jdk() {
    for home in "${JAVA_HOME:-}" "${JAVA25_HOME:-}" "${JDK25_HOME:-}" "$(jdk_on_path)" \
        /usr/lib/jvm/* /usr/java/* /opt/java/* /opt/jdk* /opt/*jdk* \
        "${HOME:-/nonexistent}"/.sdkman/candidates/java/* "${HOME:-/nonexistent}"/.jdks/* \
        "${HOME:-/nonexistent}"/.local/share/mise/installs/java/* "${HOME:-/nonexistent}"/.asdf/installs/java/* \
        /Library/Java/JavaVirtualMachines/*/Contents/Home \
        "${HOME:-/nonexistent}"/Library/Java/JavaVirtualMachines/*/Contents/Home \
        /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home /usr/local/opt/openjdk*/libexec/openjdk.jdk/Contents/Home; do
        if [ -n "$home" ] && is_jdk "$home"; then
            printf '%s\n' "$home"
            return 0
        fi
    done
    cat >&2 <<EOF
tfx needs a JDK $tfx_jdk_version (the whole kit with javac, not only a runtime), and none was found in JAVA_HOME, on the PATH,
in /usr/lib/jvm, SDKMAN, ~/.jdks or the system's Java folder. Install one, for example Eclipse Temurin $tfx_jdk_version:
  Debian, Ubuntu   apt install temurin-$tfx_jdk_version-jdk   (Adoptium's package source), or openjdk-$tfx_jdk_version-jdk
  Fedora           dnf install java-$tfx_jdk_version-openjdk-devel
  macOS            brew install --cask temurin@$tfx_jdk_version
  anywhere         sdk install java $tfx_jdk_version.0.3-tem  (SDKMAN)
and, where it lies in another place, set JAVA_HOME to it.
EOF
    return 1
}
