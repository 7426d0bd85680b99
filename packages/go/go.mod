module github.com/intacct-mock/intacct-mock/packages/go

go 1.18
