// "First" with TensorFlow.js, written by lfc.
//
// `tf` is the module @tensorflow/tfjs-core with a backend set, `weights` its tensors by path. `run` takes and gives
// tensors by name; the caller frees what it gets. bool is TensorFlow.js's bool.
//
// input  "x": f32[256, 32]
// weight "e": f32[16, 256]
// output "output": f32[256, 32]
export function model(tf, weights) {
  const w_e = weights.e;
  const run = (inputs) =>
    tf.tidy(() => {
      const in_x = inputs.x;
      // first.lf:8
      const v_slots = tf.matMul(in_x, w_e, true, true);
      // first.lf:9
      const v3 = tf.matMul(in_x, v_slots);
      // first.lf:9
      const v_p = tf.div(v3, 5.656854249492381);
      tf.dispose([v3]);
      // first.lf:9
      const v_p_2 = tf.softmax(v_p);
      tf.dispose([v_p]);
      // first.lf:10
      const v6 = tf.matMul(v_p_2, v_slots, false, true);
      tf.dispose([v_slots, v_p_2]);
      // first.lf:10
      const v_y = tf.add(in_x, v6);
      tf.dispose([v6]);
      return { output: v_y };
    });
  const dispose = () => tf.dispose([]);
  return { run, dispose };
}
