/* nonblocking.py in C, function for function; the tests of the client run with both. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <errno.h>
#include <sys/socket.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* Python ignores SIGPIPE anyway */
#endif

static char room[65536]; /* one for all: the lock is held from the read until its bytes are copied */

/* Whether a call that failed has come to its end; else it was interrupted, and is made again. */
static int
is_over(void)
{
    return errno != EINTR || PyErr_CheckSignals() != 0;
}

static PyObject *
nonblocking_send(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    if (count != 2 || !PyLong_Check(arguments[0]) || !PyBytes_Check(arguments[1])) {
        PyErr_SetString(PyExc_TypeError, "send takes a descriptor and bytes");
        return NULL;
    }
    int fd = (int)PyLong_AsLong(arguments[0]);
    ssize_t sent;
    do {
        sent = send(fd, PyBytes_AS_STRING(arguments[1]), PyBytes_GET_SIZE(arguments[1]), MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && !is_over());
    if (PyErr_Occurred())
        return NULL;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        sent = 0;
    return sent < 0 ? PyErr_SetFromErrno(PyExc_OSError) : PyLong_FromSsize_t(sent);
}

static PyObject *
nonblocking_receive(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    if (count != 2 || !PyLong_Check(arguments[0]) || !PyLong_Check(arguments[1])) {
        PyErr_SetString(PyExc_TypeError, "receive takes a descriptor and a number of bytes");
        return NULL;
    }
    int fd = (int)PyLong_AsLong(arguments[0]);
    long most = PyLong_AsLong(arguments[1]);
    if (most < 1 || most > (long)sizeof room) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_ValueError, "receive takes 1 to 65536 bytes");
        return NULL;
    }
    ssize_t came;
    do {
        came = recv(fd, room, (size_t)most, MSG_DONTWAIT);
    } while (came < 0 && !is_over());
    if (PyErr_Occurred())
        return NULL;
    if (came < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        Py_RETURN_NONE;
    return came < 0 ? PyErr_SetFromErrno(PyExc_OSError) : PyBytes_FromStringAndSize(room, came);
}

static PyMethodDef functions[] = {
    {"send", (PyCFunction)(void (*)(void))nonblocking_send, METH_FASTCALL, NULL},
    {"receive", (PyCFunction)(void (*)(void))nonblocking_receive, METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "readiness.load.http.nonblocking", NULL, 0, functions, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC
PyInit_nonblocking(void)
{
    return PyModuleDef_Init(&definition);
}
