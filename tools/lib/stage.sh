# Sourced by the scripts that do several long things: one line per stage, its output kept in a log that is shown only
# when it fails. Set `logs` to a folder before.
# shellcheck shell=bash

# stage NAME COMMAND... : returns the command's status.
stage() {
  local name=$1 begin=$SECONDS status=0 pid shown=0
  shift
  local log=$logs/${name//[^a-zA-Z0-9]/-}.log
  mkdir -p "$logs"
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  # A background command ignores the terminal's Ctrl-C, so it is passed on.
  trap 'kill "$pid" 2>/dev/null; exit 130' INT TERM
  while kill -0 "$pid" 2>/dev/null; do
    # Ninja and apt say how far they are in the last line of the log.
    if [[ -t 1 ]]; then
      printf '\r\033[K%-34s %4d s  %.60s' "$name" $((SECONDS - begin)) "$(last_line "$log")"
      shown=1
    elif ((SECONDS - begin >= 60 * (shown + 1))); then
      shown=$(((SECONDS - begin) / 60))
      printf '%-34s still at it, %d min  %.60s\n' "$name" "$shown" "$(last_line "$log")"
    fi
    sleep 0.2
  done
  wait "$pid" || status=$?
  trap - INT TERM
  [[ ! -t 1 ]] || printf '\r\033[K'
  if ((status != 0)); then
    tail -n 60 "$log"
    printf '%-34s FAILED after %d s; all of its output is in %s\n' "$name" $((SECONDS - begin)) "$log"
  elif ((SECONDS - begin >= 3)); then
    printf '%-34s %d s\n' "$name" $((SECONDS - begin))
  fi
  return "$status"
}

last_line() {
  tail -c 400 "$1" 2>/dev/null | tr '\r' '\n' | tr -d '\033' | awk 'NF {line = $0} END {print line}'
}
