# shellcheck shell=bash
# Sourced by the scripts beside it. `prepare_venv run` or `prepare_venv dev`, called
# from the project's root, makes .venv hold what requirements.lock or
# requirements-dev.lock names and the project itself, and is instant when it does.
# Everything it says goes to stderr: stdout belongs to the command that follows.

say() { printf 'faregate: %s\n' "$*" >&2; }

usable_python() {
  "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
    >/dev/null 2>&1
}

# Prints the first Python that is 3.11 or newer and can make a venv with pip in it.
find_python() {
  local name
  if [ -n "${FAREGATE_PYTHON:-}" ]; then
    if usable_python "$FAREGATE_PYTHON"; then
      printf '%s\n' "$FAREGATE_PYTHON"
      return 0
    fi
    say "FAREGATE_PYTHON=$FAREGATE_PYTHON is not a Python 3.11 or newer with venv and pip."
    return 1
  fi
  for name in python3.13 python3.12 python3.11 python3 python3.14 python; do
    if usable_python "$name"; then
      printf '%s\n' "$name"
      return 0
    fi
  done
  say "needs Python 3.11 or newer with its venv module and pip; none was found."
  say "Install one (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python),"
  say "or name one: FAREGATE_PYTHON=/path/to/python3 $0"
  return 1
}

# One line that changes whenever .venv has to be made or completed: the folder is part
# of it because a moved .venv holds scripts that point to its old place.
stamp_of() {
  { pwd -P && cat pyproject.toml "$1"; } | {
    if command -v sha256sum >/dev/null 2>&1; then sha256sum; else shasum -a 256; fi
  }
}

stamped() { [ -x .venv/bin/python ] && [ "$(cat ".venv/.stamp-$1" 2>/dev/null)" = "$2" ]; }

# A holder writes its id at once, so a lock that has had none for a minute lost its own.
lock_is_abandoned() {
  if [ -n "$1" ]; then
    ! kill -0 "$1" 2>/dev/null
  else
    [ -n "$(find .venv/.lock.d -maxdepth 0 -mmin +1 2>/dev/null)" ]
  fi
}

# Holds the lock of .venv: by flock, which dies with its holder, else by a folder that
# names its holder.
lock_venv() {
  mkdir -p .venv
  if command -v flock >/dev/null 2>&1; then
    exec 9>.venv/.lock
    flock -n 9 || { say "another start is preparing .venv; waiting for it"; flock 9; }
    return
  fi
  local holder said=""
  until mkdir .venv/.lock.d 2>/dev/null; do
    holder="$(cat .venv/.lock.d/pid 2>/dev/null || true)"
    if lock_is_abandoned "$holder"; then
      rm -rf .venv/.lock.d
      continue
    fi
    [ -n "$said" ] || say "another start is preparing .venv; waiting for it"
    said=yes
    sleep 0.2
  done
  printf '%s\n' "$$" >.venv/.lock.d/pid
  trap 'rm -rf .venv/.lock.d' EXIT
}

unlock_venv() {
  if command -v flock >/dev/null 2>&1; then
    exec 9>&-
  else
    rm -rf .venv/.lock.d
    trap - EXIT
  fi
}

# A venv is kept when its Python still runs, is new enough, has pip and was made here.
sound_venv() {
  usable_python .venv/bin/python &&
    .venv/bin/python -m pip --version >/dev/null 2>&1 &&
    [ "$(.venv/bin/python -c 'import sys; print(sys.prefix)')" = "$(pwd -P)/.venv" ]
}

fill_venv() {
  local python lockfile="$1"
  if ! sound_venv; then
    python="$(find_python)" || return 1
    say "making .venv with $("$python" --version 2>&1); this happens once"
    find .venv -mindepth 1 -maxdepth 1 ! -name '.lock*' -exec rm -rf {} +
    "$python" -m venv .venv >&2 || return 1
  fi
  say "installing what $lockfile names into .venv"
  rm -f .venv/.stamp-run .venv/.stamp-dev
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input \
    --require-hashes --requirement "$lockfile" >&2 &&
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input \
      --no-deps --no-build-isolation --editable . >&2
}

# The development lock holds every line of the other, so it counts for both.
write_stamps() {
  stamp_of requirements.lock >.venv/.stamp-run
  if [ "$1" = dev ]; then stamp_of requirements-dev.lock >.venv/.stamp-dev; fi
}

prepare_venv() {
  local kind="$1" lockfile=requirements.lock wanted
  if [ "$kind" = dev ]; then lockfile=requirements-dev.lock; fi
  wanted="$(stamp_of "$lockfile")"
  if stamped "$kind" "$wanted"; then return 0; fi
  lock_venv
  if ! stamped "$kind" "$wanted"; then
    if ! fill_venv "$lockfile"; then
      say "could not prepare .venv; the lines above say why. Run the command again to retry."
      unlock_venv
      return 1
    fi
    write_stamps "$kind"
  fi
  unlock_venv
}
