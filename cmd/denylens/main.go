// Command denylens finds out who is being refused by a web site, and why.
package main

func main() {}
