#!/bin/sh
# What the program says must end in a full stop.
said=$(./dist/greet)
printf '%s\n' "$said"
case $said in
  *.) printf '\033[32m1 passing\033[0m\n' ;;
  *) printf '\033[31m1 failing: no full stop\033[0m\n' >&2; exit 1 ;;
esac
