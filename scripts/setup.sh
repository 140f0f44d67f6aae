#!/bin/sh
# Installs what building and running the service needs, if it is missing; says nothing otherwise.
# The Makefile sources this file, so that what it exports reaches cargo.

oldest=15 # of the versions of PostgreSQL that the private cluster accepts

stop() {
    echo "setup: $1" >&2
    exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# The C library of PostgreSQL with its headers, which the service is linked with.
has_libpq() {
    [ -n "${PQ_LIB_DIR-}" ] && return 0
    for folder in /opt/homebrew/opt/libpq /usr/local/opt/libpq \
        /opt/homebrew/opt/postgresql@* /usr/local/opt/postgresql@*; do
        if [ -f "$folder/include/libpq-fe.h" ] || [ -f "$folder/include/postgresql/libpq-fe.h" ]; then
            # Homebrew keeps it away from where linkers look.
            PQ_LIB_DIR=$folder/lib
            export PQ_LIB_DIR
            return 0
        fi
    done
    for header in /usr/include/postgresql/libpq-fe.h /usr/include/libpq-fe.h /usr/include/pgsql/libpq-fe.h; do
        [ -f "$header" ] && return 0
    done
    { has pkg-config && pkg-config --exists libpq; } ||
        { has pg_config && [ -f "$(pg_config --includedir 2>/dev/null)/libpq-fe.h" ]; }
}

# Whether $1 holds the programs of a server that is new enough.
is_server() {
    [ -x "$1/initdb" ] && [ -x "$1/postgres" ] || return 1
    version=$("$1/postgres" --version 2>/dev/null | sed 's/.*(PostgreSQL) \([0-9]*\).*/\1/')
    [ "${version:-0}" -ge "$oldest" ] 2>/dev/null
}

has_server() {
    [ -n "${PG_BIN_DIR-}" ] && { is_server "$PG_BIN_DIR"; return; }
    on_path=$(command -v postgres) && is_server "${on_path%/*}" && return 0
    for folder in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql@*/bin \
        /usr/local/opt/postgresql@*/bin /Applications/Postgres.app/Contents/Versions/*/bin; do
        is_server "$folder" && return 0
    done
    return 1
}

# With the address of a database, no server is needed here.
needs_server() {
    [ -z "${DATABASE_URL-}" ] && ! { [ -f .env ] && grep -q '^\(export \)\{0,1\}DATABASE_URL=.' .env; }
}

list_missing() {
    missing=
    has cc || missing="$missing compiler"
    has_libpq || missing="$missing libpq"
    if needs_server && ! has_server; then missing="$missing server"; fi
}

# Runs a command as the administrator; without a way to become that, says what to run.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif has sudo && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
        sudo "$@"
    else
        return 1
    fi
}

install_with_apt() {
    packages=
    for need in $missing; do
        case $need in
        compiler) packages="$packages build-essential" ;;
        libpq) packages="$packages libpq-dev pkg-config" ;;
        server) packages="$packages postgresql" ;;
        esac
    done
    by_hand="apt-get update && apt-get install -y$packages"
    [ "$(id -u)" = 0 ] || by_hand="sudo sh -c '$by_hand'"
    case $missing in
    *server*)
        # Debian would create and start a server of its own; the service only uses the programs.
        conf=/etc/postgresql-common/createcluster.conf
        if [ ! -e "$conf" ]; then
            echo "setup: telling Debian not to start a PostgreSQL server ($conf)"
            as_root sh -c "mkdir -p ${conf%/*} && echo 'create_main_cluster = false' >$conf" ||
                stop "this needs an administrator. Run: $by_hand"
        fi
        ;;
    esac
    echo "setup: installing$packages (apt-get)"
    as_root apt-get update -qq >/dev/null 2>&1
    # shellcheck disable=SC2086 # a list of packages
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $packages >/dev/null </dev/null ||
        stop "the installation failed. Run: $by_hand"
}

install_with_brew() {
    for need in $missing; do
        case $need in
        compiler) stop "a C compiler is missing. Run: xcode-select --install" ;;
        libpq) formula=libpq ;;
        server) formula=postgresql@16 ;;
        esac
        echo "setup: installing $formula (Homebrew)"
        brew install --quiet "$formula" >/dev/null </dev/null ||
            stop "the installation failed. Run: brew install $formula"
    done
}

# The commands for the other systems, which are not tried.
explain() {
    if has dnf; then
        how="sudo dnf install -y gcc pkgconf libpq-devel postgresql-server"
    elif has apk; then
        how="sudo apk add build-base pkgconf libpq-dev postgresql16"
    elif has pacman; then
        how="sudo pacman -S --needed base-devel postgresql postgresql-libs"
    elif has zypper; then
        how="sudo zypper install -y gcc pkgconf postgresql-devel postgresql-server"
    elif [ "$(uname)" = Darwin ]; then
        how="install Homebrew (https://brew.sh), then: brew install postgresql@16 libpq"
    else
        how="install a C compiler, libpq with its headers, and PostgreSQL $oldest or newer"
    fi
    stop "missing:$missing. Run: $how"
}

setup_system() {
    list_missing
    [ -n "$missing" ] || return 0
    if has apt-get; then
        install_with_apt
    elif has brew; then
        install_with_brew
    else
        explain
    fi
    list_missing
    case $missing in
    '') ;;
    *server*)
        if has apt-get; then
            stop "this system offers no PostgreSQL $oldest. Run (as root): apt-get install -y postgresql-common && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y && apt-get install -y postgresql-16"
        fi
        stop "PostgreSQL $oldest or newer is missing. Name the folder of its programs in PG_BIN_DIR, or set DATABASE_URL."
        ;;
    *) stop "still missing after the installation:$missing" ;;
    esac
}

setup_rust() {
    # Where rustup puts it, before a new login knows.
    if ! has cargo && [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/cargo" ]; then
        PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
        export PATH
    fi
    wanted=$(sed -n 's/^channel *= *"\(.*\)"/\1/p' rust-toolchain.toml)
    is_rust_new_enough && return 0
    if ! has rustup; then
        if has brew; then
            echo "setup: installing rustup (Homebrew)"
            brew install --quiet rustup >/dev/null </dev/null || stop "that failed. Run: brew install rustup"
            PATH="$(brew --prefix rustup)/bin:$PATH"
            export PATH
        elif has apt-get && LC_ALL=C apt-cache policy rustup | grep -q 'Candidate: [0-9]'; then
            echo "setup: installing rustup (apt-get)"
            as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq rustup >/dev/null </dev/null ||
                stop "that failed. Run: sudo apt-get install -y rustup"
        else
            stop "Rust $wanted is missing. Run: curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y"
        fi
    fi
    add="rustup toolchain install $wanted --profile minimal --component rustfmt --component clippy"
    echo "setup: installing Rust $wanted (rustup)"
    $add >/dev/null 2>&1 || stop "that failed. Run: $add"
    is_rust_new_enough || stop "$(command -v cargo) is too old and hides that of rustup: remove it, or change PATH."
}

is_rust_new_enough() {
    case $(cargo --version 2>/dev/null) in
    '') return 1 ;;
    "cargo $wanted "*) return 0 ;;
    esac
    here=$(cargo --version | cut -d ' ' -f 2)
    newest=$(printf '%s\n' "$wanted" "$here" | sort -t . -k 1,1n -k 2,2n -k 3,3n | tail -n 1)
    [ "$newest" = "$here" ]
}

[ -f rust-toolchain.toml ] || stop "run this from the top folder of the repository."
setup_system
setup_rust
