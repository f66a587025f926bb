#!/bin/sh
# Runs a command in namespaces of its own, and lets nothing of it outlive us: processes, mounts and network go with the namespaces, in
# one act of the kernel; control groups are removed here. Our standard input closes when whoever started us ends, however that was.
# Plain shell, because it must go on when the Node process that started it was killed.
# usage: guard.sh "CGROUP-DIRECTORY ..." COMMAND [ARGUMENT ...]
set -u
groups=$1
shift

remove_groups() {
  for group in $groups; do
    [ -d "$group" ] || continue
    # A process that was just killed holds its group for a moment.
    attempt=0
    while [ "$attempt" -lt 100 ]; do
      find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
      [ -d "$group" ] || break
      find "$group" -name cgroup.procs -exec cat {} + 2>/dev/null | while read -r process; do kill -KILL "$process" 2>/dev/null; done
      sleep 0.1
      attempt=$((attempt + 1))
    done
  done
}

# Version 1 wants to be told what a new group may run on; there, and in version 2, what is above it is what it gets.
make_groups() {
  for group in $groups; do
    mkdir "$group" || return 1
    [ ! -e "$group/cgroup.subtree_control" ] || sed 's/[^ ]*/+&/g' "$group/cgroup.controllers" >"$group/cgroup.subtree_control"
    for each in "$group" "$group/services" "$group/pods"; do
      mkdir -p "$each"
      [ ! -e "$group/tasks" ] || for file in cpuset.cpus cpuset.mems; do
        [ ! -e "$each/$file" ] || cat "${group%/*}/$file" >"$each/$file"
      done
      [ ! -e "$each/cgroup.subtree_control" ] || [ "$each" != "$group/pods" ] || sed 's/[^ ]*/+&/g' "$each/cgroup.controllers" >"$each/cgroup.subtree_control"
    done
  done
}

trap '' HUP INT TERM
trap remove_groups EXIT
exec 3<&0
make_groups || exit 1
(
  trap - HUP INT TERM
  for group in $groups; do sh -c 'echo $PPID' >"$group/services/cgroup.procs"; done
  # The first process of the namespace is a shell, which takes in orphans; with it everything ends.
  exec unshare --kill-child --fork --pid --mount-proc --mount --net --ipc -- /bin/sh -c '"$@" & wait $!' init "$@"
) </dev/null 3<&- &
enclosed=$!
# Ends the first process inside rather than unshare, its parent, so that somebody is left to take note of its end.
end_enclosed() {
  first=''
  read -r first _ <"/proc/$enclosed/task/$enclosed/children" # no newline ends it, so this never succeeds
  kill -KILL "${first:-$enclosed}"
}
{
  read -r _ <&3
  end_enclosed
} 2>/dev/null &
watch=$!
wait "$enclosed"
status=$?
kill -KILL "$watch" 2>/dev/null
wait "$watch" 2>/dev/null
exit "$status"
